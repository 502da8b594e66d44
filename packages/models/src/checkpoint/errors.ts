/**
 * A checkpoint file is not one this library reads, is damaged, or does not fit the model.
 *
 * Every reader of this folder throws this class and no other, whatever the bytes are.
 */
export class CheckpointError extends Error {
  override name = "CheckpointError";
}

const LONGEST_QUOTE = 120;

/** `"text"` as a JSON string, cut to a printable length: names in a file are not to be trusted. */
export function quote(text: string): string {
  const short = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
  return JSON.stringify(short);
}

/** What to do about a pickle that holds more than tensors. */
export const SAVE_AS_STATE_DICT =
  'In PyTorch, save the weights alone: torch.save(model.state_dict(), "weights.pth"), ' +
  "or write safetensors.";

/** What to do about a file that ends early or contradicts itself. */
export const FILE_IS_DAMAGED = "The file is damaged or incomplete: copy or download it again.";
