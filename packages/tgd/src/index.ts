/**
 * T-GD: transferable detection of GAN-made images by self-training of a teacher and a student
 * (Jeon, Bang, Kim, Woo: "T-GD: Transferable GAN-generated Images Detection Framework", ICML 2020).
 *
 * The package begins with the issue that trains its first detector; until then it says what it will
 * hold: `detector`, `transfer` (teacher and student), `regularization` (L2-SP), `augment`, `train`.
 */
export const paper = "T-GD: Transferable GAN-generated Images Detection Framework, ICML 2020";
