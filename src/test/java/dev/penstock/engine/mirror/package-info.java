/**
 * A kind of model and its backend that are nothing like embeddings: no file, texts and not token
 * ids, answers that come later, slots and not batches.
 */
@NullMarked
package dev.penstock.engine.mirror;

import org.jspecify.annotations.NullMarked;
