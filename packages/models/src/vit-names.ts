// The names that vision transformers have in checkpoints: torchvision's, those it had before 0.13
// for the hidden layers, and timm's.

/** torchvision's name of each of timm's; what stands outside the blocks, then what stands in one. */
const TIMM: readonly (readonly [RegExp, string])[] = [
  [/^cls_token$/, "class_token"],
  [/^pos_embed$/, "encoder.pos_embedding"],
  [/^patch_embed\.proj\./, "conv_proj."],
  [/^norm\./, "encoder.ln."],
  [/^head\./, "heads.head."],
];
const TIMM_BLOCK: readonly (readonly [RegExp, string])[] = [
  [/^norm1\./, "ln_1."],
  [/^norm2\./, "ln_2."],
  [/^attn\.qkv\./, "self_attention.in_proj_"],
  [/^attn\.proj\./, "self_attention.out_proj."],
  [/^mlp\.fc1\./, "mlp.0."],
  [/^mlp\.fc2\./, "mlp.3."],
];

function replaceFirst(name: string, rules: readonly (readonly [RegExp, string])[]): string {
  const rule = rules.find(([pattern]) => pattern.test(name));
  return rule === undefined ? name : name.replace(...rule);
}

function toTorchvisionName(name: string): string {
  const block = /^blocks\.(\d+)\.(.+)$/.exec(name);
  if (block !== null) {
    const [, index = "", rest = ""] = block;
    return `encoder.layers.encoder_layer_${index}.${replaceFirst(rest, TIMM_BLOCK)}`;
  }
  return replaceFirst(name, TIMM)
    .replace(".mlp.linear_1.", ".mlp.0.")
    .replace(".mlp.linear_2.", ".mlp.3.");
}

/** Whether these are timm's names. Its weights were trained on images normalised to [−1, 1]. */
export function hasTimmNames(tensors: ReadonlyMap<string, unknown>): boolean {
  return tensors.has("cls_token");
}

/** The same values under torchvision's names. Unknown names stay. */
export function toTorchvisionNames<T>(tensors: ReadonlyMap<string, T>): Map<string, T> {
  return new Map([...tensors].map(([name, value]) => [toTorchvisionName(name), value]));
}
