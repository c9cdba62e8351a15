/**
 * A kind of model, its backend and its task type that are nothing like embeddings: no file, texts
 * and not token ids, answers that come later, slots and not batches. What tests add to the program
 * from here is all that anybody adds who brings another kind.
 */
@NullMarked
package dev.penstock.mirror;

import org.jspecify.annotations.NullMarked;
