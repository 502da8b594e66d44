export {
  AdapterError,
  type DeviceInfo,
  type DeviceOptions,
  type OpenDevice,
  openDevice,
} from "../../../../tools/adapter/open-device.ts";
