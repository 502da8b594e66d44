/** The fields of /etc/os-release, or null where there is none. */
export function osRelease(path?: string): Record<string, string> | null;

/** One sentence: how this platform gets a WebGPU adapter. */
export function remedy(release?: Record<string, string> | null, platform?: string): string;

/** Whether an adapter computes on the CPU. */
export function isSoftwareAdapter(info: {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter?: boolean;
}): boolean;

/** Sets XDG_RUNTIME_DIR in `env` where it matters and is unset. */
export function ensureRuntimeDir<T extends Record<string, string | undefined>>(env?: T): T;
