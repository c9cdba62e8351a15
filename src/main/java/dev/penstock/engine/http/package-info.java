/** Servers that make texts, over HTTP: OpenAI's protocol, Ollama's and Anthropic's. */
@NullMarked
package dev.penstock.engine.http;

import org.jspecify.annotations.NullMarked;
