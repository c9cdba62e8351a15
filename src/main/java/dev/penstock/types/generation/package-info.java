/** The task type generation: texts that a model makes, for chats and for prompts. */
@NullMarked
package dev.penstock.types.generation;

import org.jspecify.annotations.NullMarked;
