import { CheckpointError, SAVE_AS_STATE_DICT } from "../errors.ts";
import { PickleRecord, TensorRecord } from "../pickle/values.ts";

const LONGEST_NAME = 2048;
const DEEPEST_MODULE = 100;
const MOST_VISITS = 200_000;

/** Whether a value is a module of a TorchScript archive. */
export function isScriptModule(value: unknown): value is PickleRecord {
  return value instanceof PickleRecord && value.className.startsWith("__torch__.");
}

/**
 * The tensors of a TorchScript module tree under the names that `state_dict()` gives them:
 * attribute names joined by dots, in the order of the archive.
 *
 * Buffers that were registered as not persistent, and tensors set as plain attributes, are listed
 * too: the archive does not tell them apart.
 *
 * @throws {CheckpointError} if the tree is deeper or larger than any network, as a cycle would be
 */
export function flattenScriptModule(root: PickleRecord): Map<string, TensorRecord> {
  const tensors = new Map<string, TensorRecord>();
  const pending = [{ prefix: "", module: root, depth: 0 }];
  let visits = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { prefix, module, depth } = next;
    const children: typeof pending = [];
    // A state that is no dictionary belongs to a packed or custom object, without weights here.
    for (const [key, value] of module.state instanceof Map ? module.state : []) {
      if (typeof key !== "string") continue;
      const name = prefix + key;
      if (++visits > MOST_VISITS || depth > DEEPEST_MODULE || name.length > LONGEST_NAME) {
        throw new CheckpointError(
          "checkpoint: the TorchScript module tree does not end\n" +
            `  ${visits} attributes, depth ${depth}\n${SAVE_AS_STATE_DICT}`,
        );
      }
      if (value instanceof TensorRecord) tensors.set(name, value);
      else if (isScriptModule(value)) {
        children.push({ prefix: `${name}.`, module: value, depth: depth + 1 });
      }
    }
    for (const child of children.reverse()) pending.push(child);
  }
  if (tensors.size > 0) return tensors;
  throw new CheckpointError(
    "checkpoint: the TorchScript archive has no named tensors\n" +
      "torch.jit.freeze turns weights into constants without names.\n" +
      "Save the module without freezing it, or its state dict before.",
  );
}
