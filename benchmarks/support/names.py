"""What our methods are called in the packages that have them; peers/*.py say how a name is read there."""

from __future__ import annotations

from typing import Dict, List

OTHERS = ["signxai", "innvestigate", "zennit", "captum"]
POINTS = 50  # of the methods that evaluate many

# method: names in the order of OTHERS, separated by spaces; - where a package does not have it
_NAMES = {
    "gradient": "gradient gradient gradient gradient",
    "lrp_z": "lrp_z lrp.z epsilon:1e-7 epsilon:1e-7",
    "lrp_epsilon_0_1": "lrp_epsilon_0_1 lrp.epsilon:epsilon=0.1 epsilon:0.1 epsilon:0.1",
    "lrp_epsilon_0_1_std_x": "lrp_epsilon_0_1_std_x - - -",
    "lrpsign_z": "lrpsign_z - - -",
    "lrp_alpha_1_beta_0": "lrp_alpha_1_beta_0 lrp.alpha_1_beta_0 alpha1beta0 alpha1beta0",
    "lrp_sequential_composite_a": "lrp_sequential_composite_a lrp.sequential_preset_a epsilon_plus composite",
    "smoothgrad": f"smoothgrad smoothgrad:augment_by_n={POINTS} smoothgrad:{POINTS} smoothgrad:{POINTS}",
    "integrated_gradients": f"integrated_gradients integrated_gradients:steps={POINTS} - -",
}


def names(method: str, peers: List[str] = OTHERS) -> Dict[str, str]:
    """{peer: the method's name there} of the peers that have it."""
    found = dict(zip(OTHERS, _NAMES[method].split()))
    return {peer: found[peer] for peer in peers if found[peer] != "-"}
