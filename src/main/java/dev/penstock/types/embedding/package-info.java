/** The task type embedding: input, work, output, JSON and handler. */
@NullMarked
package dev.penstock.types.embedding;

import org.jspecify.annotations.NullMarked;
