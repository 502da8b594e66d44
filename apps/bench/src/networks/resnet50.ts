import { GraphBuilder, type NetworkGraph } from "./graph.ts";
import { CLASSES } from "./network-job.ts";

/** Blocks of the four stages: He et al., 2016, table 1. */
const BLOCKS = [3, 4, 6, 3] as const;
const EXPANSION = 4;

function bottleneck(g: GraphBuilder, input: string, name: string, width: number, stride: number) {
  const unit = (i: number) => ({ weight: `${name}.conv${i}.weight`, norm: `${name}.bn${i}` });
  const outChannels = EXPANSION * width;
  const narrow = { outChannels: width, kernel: 1, activation: "relu" } as const;
  const first = g.conv(input, { ...unit(1), ...narrow });
  const second = g.conv(first, { ...unit(2), ...narrow, kernel: 3, stride });
  const third = g.conv(second, { ...unit(3), outChannels, kernel: 1 });
  const fits = stride === 1 && g.channels(input) === outChannels;
  const weight = `${name}.downsample.0.weight`;
  const norm = `${name}.downsample.1`;
  const skip = fits ? input : g.conv(input, { weight, norm, outChannels, kernel: 1, stride });
  return g.binary("add", third, skip, "relu");
}

/** ResNet-50. @see torchvision.models.resnet50 */
export function resnet50(size: number): NetworkGraph {
  const g = new GraphBuilder(size);
  const stem = { weight: "conv1.weight", norm: "bn1", outChannels: 64, kernel: 7, stride: 2 };
  let maps = g.maxPool(g.conv("input", { ...stem, activation: "relu" }));
  for (const [stage, count] of BLOCKS.entries()) {
    for (let block = 0; block < count; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      maps = bottleneck(g, maps, `layer${stage + 1}.${block}`, 64 * 2 ** stage, stride);
    }
  }
  return g.linear(g.globalAverage(maps), "fc", CLASSES);
}
