import type { TreeImage } from "./labelled-tree.ts";

/** ForenSynths' tree (LGrad), or T-GD's. */
export type Layout = "forensynths" | "tgd";

/**
 * Where an image lies in a layout, with "/":
 *
 *     forensynths  <split>/<generator>/<category>/{0_real,1_fake}/<name>
 *     tgd          <generator>/<split>/{0,1}/<category>/<name>
 *
 * without the parts that an image has not.
 *
 * @param image its `group` must be known: shared images have no place
 * @param part  instead of the split, e.g. `2000_shot`
 */
export function layoutPath(
  layout: Layout,
  image: Omit<TreeImage, "path" | "group"> & { readonly group: string },
  part: string | null = image.split,
): string {
  const { label, group, category, below } = image;
  const parts =
    layout === "forensynths"
      ? [part, group, category, label === 0 ? "0_real" : "1_fake", below]
      : [group, part, String(label), category, below];
  return parts.filter((name) => name !== null && name !== "").join("/");
}
