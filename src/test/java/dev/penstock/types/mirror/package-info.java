/** A task type for models of another kind than embeddings. */
@NullMarked
package dev.penstock.types.mirror;

import org.jspecify.annotations.NullMarked;
