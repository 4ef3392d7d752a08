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
from llvmlite.ir import MDValue
from numba import _dynfunc
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.ir import Branch, Jump
from numba.core.lowering import Lower
from numba.core.typed_passes import NativeLowering

from jitnet.kernels.signals import handle_signals


class _Lower(Lower):  # type: ignore[misc]
    """Lowers loops so that they stay as they are written: no turn is repeated within a turn.

    LLVM repeats the turns of loops, of long ones too where it compiles for AMD's Zen 4 and 5. With
    two turns of the register tile in one, what it needs was more than AVX-512 has registers, and
    products had half of their speed: on Zen 5 steps of 20 networks gain 6 to 79 % this way; a
    logistic regression and a bag of words lose 1 to 6 %. With AVX2, or code for Intel's processors,
    run there, nothing changed by more than 8 %. Loops of a constant length are unrolled as ever.
    """

    def lower_block(self, block: Any) -> None:
        self._label = next(label for label, one in self.blocks.items() if one is block)
        super().lower_block(block)

    def lower_inst(self, inst: Any) -> None:
        super().lower_inst(inst)
        targets: tuple[int, ...] = ()
        if isinstance(inst, Jump):
            targets = (inst.target,)
        elif isinstance(inst, Branch):
            targets = inst.truebr, inst.falsebr
        if any(target <= self._label for target in targets):
            self.builder.block.terminator.set_metadata("llvm.loop", self._loop())

    def _loop(self) -> Any:
        module = self.module
        option = module.add_metadata(["llvm.loop.unroll.runtime.disable"])
        loop = MDValue(module, (), name=str(len(module.metadata)))
        loop.operands = loop, option  # its own first, by which it is no other loop
        return loop


@register_pass(mutates_CFG=True, analysis_only=False)
class _HelperLowering(NativeLowering):  # type: ignore[misc]
    _name = "jitnet_helper_lowering"
    lowering_class = _Lower

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
    lowering_class = _Lower

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
