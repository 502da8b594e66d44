// The classes and functions a pickle may name. Each has a stand-in of ours that builds plain data;
// a name that is not here ends the reading. Compare torch/_weights_only_unpickler.py, which allows
// about the same.

import { type HostDType, isHostDType } from "../host-tensor.ts";
import { rebuildFromType, rebuildParameter, rebuildTensor, rebuildTensorV3 } from "./rebuild.ts";
import {
  type PickleCall,
  PickleGlobal,
  PickleRecord,
  PickleTuple,
  type PickleValue,
} from "./values.ts";

const STORAGES: Readonly<Record<string, HostDType>> = {
  DoubleStorage: "float64",
  FloatStorage: "float32",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  LongStorage: "int64",
  IntStorage: "int32",
  ShortStorage: "int16",
  CharStorage: "int8",
  ByteStorage: "uint8",
  BoolStorage: "bool",
  UntypedStorage: "uint8",
  _UntypedStorage: "uint8",
};

const STORAGE_MODULES = new Set(["torch", "torch.cuda", "torch.storage"]);

/** Other names of the element types: `torch.float` is `torch.float32`. */
const DTYPE_ALIASES = new Set(["float", "double", "half", "long", "int", "short"]);

const dict: PickleCall = (args, fail) => {
  const [pairs] = args;
  const result = new Map<PickleValue, PickleValue>();
  if (pairs === undefined || pairs instanceof PickleGlobal) return result;
  // A Counter is made from its contents. Sharing them is safe: nobody here changes a finished map.
  if (pairs instanceof Map) return pairs;
  // Python 2 passes a list of pairs. It is emptied, so that a file which passes one long list a
  // thousand times does the work of it once.
  for (const pair of Array.isArray(pairs) ? pairs.splice(0) : []) {
    const items = pair instanceof PickleTuple ? pair.items : pair;
    if (!Array.isArray(items) || items.length !== 2) return fail("an item is not a pair");
    result.set(items[0] ?? null, items[1] ?? null);
  }
  if (Array.isArray(pairs)) return result;
  return fail("a dictionary is built from something else than items");
};

/** The first argument itself: torch.Size(tuple), build_intlist(list). */
const first: PickleCall = (args, fail) => args[0] ?? fail("a wrapper has nothing to wrap");

/** An inert record that remembers the class and its arguments. */
function record(name: string): PickleCall {
  return (args) => new PickleRecord(name, args);
}

const CALLS: Readonly<Record<string, PickleCall>> = {
  "torch._utils._rebuild_tensor": rebuildTensor,
  "torch._utils._rebuild_tensor_v2": rebuildTensor,
  "torch._utils._rebuild_tensor_v3": rebuildTensorV3,
  "torch._utils._rebuild_parameter": rebuildParameter,
  "torch._utils._rebuild_parameter_with_state": rebuildParameter,
  "torch._tensor._rebuild_from_type_v2": rebuildFromType,
  "torch.Size": first,
  "collections.OrderedDict": dict,
  "collections.defaultdict": dict,
  "collections.Counter": dict,
};

/** Classes whose instances are kept as inert records: options, paths, sets beside the weights. */
const RECORDS = new Set([
  "argparse.Namespace",
  "pathlib.PosixPath",
  "pathlib.PurePosixPath",
  "pathlib.WindowsPath",
  "pathlib.PureWindowsPath",
  "torch.device",
  "torch.serialization._get_layout",
  "_codecs.encode",
  "builtins.bytearray",
  "builtins.complex",
  "builtins.frozenset",
  "builtins.set",
]);

/** Names that are only passed around: the factory of a defaultdict, the class of a tensor. */
const NAMES = new Set([
  "builtins.bool",
  "builtins.dict",
  "builtins.float",
  "builtins.int",
  "builtins.list",
  "builtins.str",
  "builtins.tuple",
  "torch.Tensor",
  "torch._tensor.Tensor",
  "torch.nn.Parameter",
  "torch.nn.parameter.Parameter",
]);

const SCRIPT_CALLS = new Set([
  "torch.jit._pickle.restore_type_tag",
  "torch.jit._pickle.build_intlist",
  "torch.jit._pickle.build_doublelist",
  "torch.jit._pickle.build_boollist",
  "torch.jit._pickle.build_tensorlist",
]);

/**
 * The stand-in for a global, or null when it is not allowed.
 *
 * @param scriptModules whether classes of a TorchScript archive, `__torch__.*`, are allowed
 */
export function findGlobal(
  moduleName: string,
  name: string,
  scriptModules: boolean,
): PickleGlobal | null {
  // Protocol 2 writes the builtins under the name of Python 2.
  const full = `${moduleName === "__builtin__" ? "builtins" : moduleName}.${name}`;
  if (STORAGE_MODULES.has(moduleName) && Object.hasOwn(STORAGES, name)) {
    return new PickleGlobal(full, null, STORAGES[name]);
  }
  if (moduleName === "torch" && (isHostDType(name) || DTYPE_ALIASES.has(name))) {
    return new PickleGlobal(full, null);
  }
  if (Object.hasOwn(CALLS, full)) return new PickleGlobal(full, CALLS[full] ?? null);
  if (RECORDS.has(full)) return new PickleGlobal(full, record(full));
  if (NAMES.has(full)) return new PickleGlobal(full, null);
  if (!scriptModules) return null;
  if (SCRIPT_CALLS.has(full)) return new PickleGlobal(full, first);
  const isScriptClass = moduleName === "__torch__" || moduleName.startsWith("__torch__.");
  return isScriptClass ? new PickleGlobal(full, record(full)) : null;
}
