export {
  type ActivationMap,
  type CamClass,
  classActivationMap,
  type FeatureMap,
  gradCam,
  logitOfMap,
  mapForClass,
  normalizeMap,
} from "./activation-map.ts";
export { mapToHeat, type OverlayOptions, overlayMap } from "./overlay.ts";
