// Stand-ins for the functions of torch._utils that make a tensor from a storage. They check the
// types of their arguments; that the view lies inside the storage is checked when it is read.

import { isHostDType } from "../host-tensor.ts";
import {
  isNatural,
  type PickleCall,
  type PickleFail,
  PickleGlobal,
  PickleTuple,
  type PickleValue,
  StorageRecord,
  TensorRecord,
} from "./values.ts";

/** PyTorch's own limit on the number of dimensions. */
const MOST_DIMENSIONS = 64;

function naturals(value: PickleValue | undefined, what: string, fail: PickleFail): number[] {
  const items = value instanceof PickleTuple ? value.items : value;
  if (!Array.isArray(items) || items.length > MOST_DIMENSIONS || !items.every(isNatural)) {
    return fail(`a tensor's ${what} is not a tuple of natural numbers`);
  }
  return items;
}

function view(args: readonly PickleValue[], fail: PickleFail) {
  const [storage, offset, size, stride] = args;
  if (!(storage instanceof StorageRecord)) return fail("a tensor is rebuilt without a storage");
  if (!isNatural(offset)) return fail("a tensor's offset is not a natural number");
  const shape = naturals(size, "size", fail);
  const strides = naturals(stride, "stride", fail);
  if (shape.length !== strides.length) {
    return fail(`a tensor has ${shape.length} sizes but ${strides.length} strides`);
  }
  return { storage, offset, shape, strides };
}

/** `_rebuild_tensor[_v2](storage, offset, size, stride, …)` */
export const rebuildTensor: PickleCall = (args, fail) => {
  const { storage, ...rest } = view(args, fail);
  return new TensorRecord(storage, storage.dtype, rest);
};

/** `_rebuild_tensor_v3(untyped_storage, offset, size, stride, requires_grad, hooks, dtype, …)` */
export const rebuildTensorV3: PickleCall = (args, fail) => {
  const { storage, ...rest } = view(args, fail);
  const dtype = args[6];
  const name = dtype instanceof PickleGlobal ? dtype.name.replace(/^torch\./, "") : "";
  if (!isHostDType(name)) return fail("a tensor's dtype is not supported");
  return new TensorRecord(storage, name, rest);
};

/** `_rebuild_parameter[_with_state](data, requires_grad, hooks, …)` is its data. */
export const rebuildParameter: PickleCall = ([data], fail) =>
  data instanceof TensorRecord ? data : fail("a parameter is rebuilt without a tensor");

const REBUILDERS = new Set<PickleCall>([rebuildTensor, rebuildTensorV3, rebuildParameter]);

/** `_rebuild_from_type_v2(function, type, args, state)`: a tensor with attributes or a subclass. */
export const rebuildFromType: PickleCall = ([build, , args], fail) => {
  const call = build instanceof PickleGlobal ? build.call : null;
  if (call === null || !REBUILDERS.has(call) || !(args instanceof PickleTuple)) {
    return fail("_rebuild_from_type_v2 does not rebuild a tensor");
  }
  return call(args.items, fail);
};
