"""Helpers are compiled to LLVM's intermediate code alone, to be optimised once, in their caller.

Numba optimises every function's module and emits its machine code, although a helper's code runs
only inside its callers, into which it is linked and where all is optimised again. Leaving that out
took a cold compile of the training loop from 14 s to 9 s.

There a helper that takes tuples of arrays is known to its caller alone. So LLVM passes it only
those words that it reads: what copied them all took a fifth of a step of logistic regression, and
their code pushed that of the step out of the core's cache. Such a helper has no name in the object
(it is private): by an internal one's, what is loaded later would find it and call it with all
arguments.
"""

from __future__ import annotations

import os
from typing import Any

from llvmlite.binding import Linkage
from numba import _dynfunc
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering

from jitnet.kernels.signals import handle_signals


@register_pass(mutates_CFG=True, analysis_only=False)
class _HelperLowering(NativeLowering):  # type: ignore[misc]
    _name = "jitnet_helper_lowering"

    def run_pass(self, state: Any) -> bool:
        library = state.targetctx.codegen().create_library(state.func_id.func_qualname)
        library.enable_object_caching()

        def only_link() -> None:
            library._finalize_dynamic_globals()
            library._finalized = True

        library._optimize_final_module = lambda: None
        library._finalize_final_module = only_link
        state.library = library
        state.flags.no_compile = True
        super().run_pass(state)
        library._ensure_finalized()
        lowered = state["cr"]
        fndesc = lowered.fndesc
        key = _dynfunc.make_function(
            fndesc.lookup_module(), fndesc.qualname, "", 0, lowered.env, (library,)
        )
        state.targetctx.insert_user_function(key, fndesc, [library])
        state["cr"] = lowered._replace(cfunc=key)
        return True


MIN_ARGUMENTS = 24
"""A helper with so many arguments takes whole tuples of arrays, and is made private. Others stay as
they are: where LLVM knew a constant stride of the register tile, it made products half as fast."""

MAX_BLOCKS = 16
"""A private helper of more basic blocks is not inlined. With all helpers in one function a compile
took a second longer and no step was faster; with those up to 8 or 4 logistic regression lost a
fifth or two."""


@register_pass(mutates_CFG=True, analysis_only=False)
class _EntryLowering(NativeLowering):  # type: ignore[misc]
    _name = "jitnet_entry_lowering"

    def run_pass(self, state: Any) -> bool:
        library = state.targetctx.codegen().create_library(state.func_id.func_qualname)
        library.enable_object_caching()
        optimize = library._optimize_final_module

        def optimize_with_helpers_inside() -> None:
            for function in library._final_module.functions:
                many = sum(1 for _ in function.arguments) >= MIN_ARGUMENTS
                if many and function.linkage == Linkage.linkonce_odr:
                    function.linkage = Linkage.private
                    always = any(b"alwaysinline" in names for names in function.attributes)
                    if not always and sum(1 for _ in function.blocks) > MAX_BLOCKS:
                        function.add_function_attribute("noinline")
            optimize()

        library._optimize_final_module = optimize_with_helpers_inside
        state.library = library
        return bool(super().run_pass(state))


class _Compiler(CompilerBase):  # type: ignore[misc]
    """Numba's compiler, but for the last pass, and for names that no other process gives.

    Numba numbers the functions of a process, and functions made by one factory have one name: two
    processes might keep different ones under the same symbol, and a third that loads both would run
    one for the other.
    """

    lowering: type[NativeLowering]

    def define_pipelines(self) -> list[Any]:
        """The passes in their order."""
        handle_signals()  # nothing of this function is begun
        identity = self.state.func_id
        identity.unique_id = f"{identity.unique_id}_{os.urandom(6).hex()}"
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
        pipeline.passes = [
            (self.lowering if step is NativeLowering else step, description)
            for step, description in pipeline.passes
        ]
        pipeline.finalize()
        return [pipeline]


class HelperCompiler(_Compiler):
    """Of what compiled code alone calls."""

    lowering = _HelperLowering


class EntryCompiler(_Compiler):
    """Of what Python calls."""

    lowering = _EntryLowering


class ParallelCompiler(_Compiler):
    """Of what Python calls, and numba's threads run."""

    lowering = NativeLowering
