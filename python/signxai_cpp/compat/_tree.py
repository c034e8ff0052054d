"""The modules that users import, and where their names come from.

Each row is a module below ``signxai_cpp.compat`` and its sources: "file" for all that the file lists in ``__all__``,
"file:name,name" for some. Nothing is imported before a name is used."""

from __future__ import annotations

from typing import Dict, Tuple

_ANALYZERS = ("_analyzers", "_analyzer_base", "_gradient_analyzers", "_lrp_analyzers")
_LRP_CLASSES = "_lrp_analyzers"
_CREATE = ("_analyzers:create_analyzer", "_analyzer_base:NotAnalyzeableModelException")
_DRAWING = ("_visualizations",)

# The copy of iNNvestigate inside signxai, by its place below the package.
_EMBEDDED: Dict[str, Tuple[str, ...]] = {
    "": _CREATE,
    ".analyzer": _ANALYZERS,
    ".analyzer.base": ("_analyzer_base",),
    ".analyzer.canonization": (),
    ".analyzer.deeplift": ("_analyzers:DeepLIFT,DeepLIFTWrapper",),
    ".analyzer.deeptaylor": ("_analyzers:DeepTaylor,BoundedDeepTaylor",),
    ".analyzer.gradient_based": (
        "_gradient_analyzers:Gradient,InputTimesGradient,Deconvnet,GuidedBackprop,IntegratedGradients,SmoothGrad,VarGrad",
    ),
    ".analyzer.misc": ("_analyzers:Input,Random",),
    ".analyzer.relevance_based": (),
    ".analyzer.relevance_based.relevance_analyzer": (_LRP_CLASSES, "_rules:LRP_RULES"),
    ".analyzer.relevance_based.relevance_rule_base": ("_rules",),
    ".analyzer.relevance_based.utils": ("_lrp_analyzers:assert_lrp_epsilon_param,assert_infer_lrp_alpha_beta_param",),
    ".analyzer.reverse_map": ("_rules:ReplacementLayer,GradientReplacementLayer",),
    ".analyzer.wrapper": (
        "_gradient_analyzers:WrapperBase,AugmentReduceBase,VariationalAugmentReduceBase,GaussianSmoother,"
        "VariationalSmoother,PathIntegrator",
    ),
    ".applications": (),
    ".applications.imagenet": ("_applications",),
    ".applications.mnist": ("_mnist",),
    ".backend": ("_applications:name",),
    ".utils": ("_images", "_graph:model_wo_softmax"),
    ".utils.keras": (),
    ".utils.keras.checks": ("_checks",),
    ".utils.keras.graph": ("_graph",),
    ".utils.visualizations": _DRAWING,
}

# iNNvestigate as a package of its own, 2.1.
_STANDALONE: Dict[str, Tuple[str, ...]] = {
    "": (
        "_innvestigate:create_analyzer", "_analyzer_base:NotAnalyzeableModelException",
        "_graph:model_wo_softmax,model_wo_output_activation",
    ),
    ".analyzer": ("_innvestigate",),
    ".analyzer.base": (
        "_innvestigate:AnalyzerBase", "_analyzer_base:NotAnalyzeableModelException,TrainerMixin,OneEpochTrainerMixin",
    ),
    ".analyzer.deeptaylor": ("_innvestigate:DeepTaylor,BoundedDeepTaylor",),
    ".analyzer.gradient_based": (
        "_innvestigate:BaselineGradient,Gradient,InputTimesGradient,Deconvnet,GuidedBackprop,IntegratedGradients,SmoothGrad",
    ),
    ".analyzer.misc": ("_innvestigate:Input,Random",),
    ".analyzer.network_base": ("_innvestigate:AnalyzerNetworkBase",),
    ".analyzer.relevance_based": (),
    ".analyzer.relevance_based.relevance_analyzer": ("_innvestigate", "_rules:LRP_RULES"),
    ".analyzer.relevance_based.relevance_rule": ("_rules",),
    ".analyzer.relevance_based.utils": ("_lrp_analyzers:assert_lrp_epsilon_param,assert_infer_lrp_alpha_beta_param",),
    ".analyzer.reverse_base": ("_innvestigate:ReverseAnalyzerBase",),
    ".analyzer.wrapper": ("_innvestigate:WrapperBase,AugmentReduceBase,GaussianSmoother,PathIntegrator",),
    ".applications": (),
    ".applications.imagenet": ("_applications",),
    ".applications.mnist": ("_mnist",),
    ".backend": (),
    ".backend.checks": ("_checks",),
    ".backend.graph": ("_graph",),
    ".utils": ("_images:preprocess_images,postprocess_images", "_graph:model_wo_softmax"),
    ".utils.keras": (),
    ".utils.keras.checks": ("_checks",),
    ".utils.keras.graph": ("_graph",),
    ".utils.sequence": ("_images:BatchSequence,TargetAugmentedSequence",),
    ".utils.visualizations": _DRAWING,
}  # fmt: skip

_METHODS: Dict[str, Tuple[str, ...]] = {
    ".methods": (),
    ".methods.grad_cam": ("_grad_cam:calculate_grad_cam_relevancemap,calculate_grad_cam_relevancemap_timeseries",),
    ".methods.guided_backprop": ("_grad_cam:build_guided_model,guided_backprop_on_guided_model",),
    ".methods.signed": ("_sign",),
    ".methods.wrappers": ("_wrappers",),
    **{f".methods.innvestigate{place}": sources for place, sources in _EMBEDDED.items()},
}

ROOT: Tuple[str, ...] = ("_signxai2", "_wrappers:calculate_relevancemap,calculate_relevancemaps")

TREE: Dict[str, Tuple[str, ...]] = {
    **_METHODS,
    ".utils": (),
    ".utils.utils": ("_utils",),
    ".api": ("_signxai2",),
    ".common": (),
    ".common.visualization": ("_overlay",),
    ".tf_signxai": ("_signxai2:calculate_relevancemap",),
    **{f".tf_signxai{place}": sources for place, sources in _METHODS.items()},
    **{f".innvestigate{place}": sources for place, sources in _STANDALONE.items()},
}
