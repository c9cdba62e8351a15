/**
 * llama.cpp, through the JDK's foreign functions, in a child process for each open model.
 *
 * <p>In the node, {@link dev.penstock.engine.llama.LlamaProcess} opens a model and asks for texts.
 * In the child, {@link dev.penstock.engine.llama.LlamaChild} runs {@link
 * dev.penstock.engine.llama.SlotLoop} over a {@link dev.penstock.engine.llama.LlamaContext}.
 * Nothing else of the program calls the native library, which may take its process down.
 */
@NullMarked
package dev.penstock.engine.llama;

import org.jspecify.annotations.NullMarked;
