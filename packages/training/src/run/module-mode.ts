import { Dropout, DropPath, type Module } from "@fauxgrad/tensor/nn";

/**
 * What the steps of a module depend on besides its tensors: training or evaluation, probabilities of
 * dropout, frozen parameters. A step that was captured before one of them changed would go on as it
 * was.
 */
export function moduleMode(module: Module): string {
  const modes = [...module.modules()].map((part) => {
    const p = part instanceof Dropout || part instanceof DropPath ? part.p : "";
    return `${part.training ? "t" : "e"}${p}`;
  });
  const wants = module.parameters().map(({ requiresGrad }) => (requiresGrad ? "g" : "f"));
  return `${modes.join("")} ${wants.join("")}`;
}
