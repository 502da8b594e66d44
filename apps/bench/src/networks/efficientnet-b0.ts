import { GraphBuilder, type NetworkGraph } from "./graph.ts";
import { CLASSES } from "./network-job.ts";

interface Stage {
  readonly expansion: number;
  readonly kernel: number;
  readonly stride: number;
  readonly channels: number;
  readonly blocks: number;
}

/** Tan and Le, 2019, table 1. */
const STAGES: readonly Stage[] = [
  { expansion: 1, kernel: 3, stride: 1, channels: 16, blocks: 1 },
  { expansion: 6, kernel: 3, stride: 2, channels: 24, blocks: 2 },
  { expansion: 6, kernel: 5, stride: 2, channels: 40, blocks: 2 },
  { expansion: 6, kernel: 3, stride: 2, channels: 80, blocks: 3 },
  { expansion: 6, kernel: 5, stride: 1, channels: 112, blocks: 3 },
  { expansion: 6, kernel: 5, stride: 2, channels: 192, blocks: 4 },
  { expansion: 6, kernel: 3, stride: 1, channels: 320, blocks: 1 },
];

function mobileBlock(g: GraphBuilder, input: string, name: string, stage: Stage, stride: number) {
  const { expansion, kernel, channels } = stage;
  const inChannels = g.channels(input);
  const width = inChannels * expansion;
  const first = expansion === 1 ? 0 : 1;
  const unit = (i: number) => ({
    weight: `${name}.block.${i}.0.weight`,
    norm: `${name}.block.${i}.1`,
  });
  const silu = { activation: "silu" } as const;
  const wide =
    first === 0 ? input : g.conv(input, { ...unit(0), outChannels: width, kernel: 1, ...silu });
  const depthwise = { outChannels: width, kernel, stride, depthwise: true };
  const filtered = g.conv(wide, { ...unit(first), ...depthwise, ...silu });
  const gate = (i: number) => {
    const fc = `${name}.block.${first + 1}.fc${i}`;
    return { weight: `${fc}.weight`, bias: `${fc}.bias`, kernel: 1 };
  };
  const squeezed = Math.max(1, Math.floor(inChannels / 4));
  const reduced = g.conv(g.globalAverage(filtered), { ...gate(1), outChannels: squeezed, ...silu });
  const factors = g.conv(reduced, { ...gate(2), outChannels: width, activation: "sigmoid" });
  const gated = g.binary("mul", filtered, factors);
  const projected = g.conv(gated, { ...unit(first + 2), outChannels: channels, kernel: 1 });
  const skips = stride === 1 && inChannels === channels;
  return skips ? g.binary("add", projected, input) : projected;
}

/** EfficientNet-B0 without its dropout. @see torchvision.models.efficientnet_b0 */
export function efficientNetB0(size: number): NetworkGraph {
  const g = new GraphBuilder(size);
  const silu = { activation: "silu" } as const;
  const stem = { weight: "features.0.0.weight", norm: "features.0.1", kernel: 3, stride: 2 };
  let maps = g.conv("input", { ...stem, outChannels: 32, ...silu });
  for (const [at, stage] of STAGES.entries()) {
    for (let block = 0; block < stage.blocks; block++) {
      const name = `features.${at + 1}.${block}`;
      maps = mobileBlock(g, maps, name, stage, block === 0 ? stage.stride : 1);
    }
  }
  const place = `features.${STAGES.length + 1}`;
  const head = { weight: `${place}.0.weight`, norm: `${place}.1`, outChannels: 1280, kernel: 1 };
  maps = g.conv(maps, { ...head, ...silu });
  return g.linear(g.globalAverage(maps), "classifier.1", CLASSES);
}
