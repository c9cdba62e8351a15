/**
 * Tokenizers, the batcher, model runners, task handlers, and the verticle that leases work for
 * them.
 */
@NullMarked
package dev.penstock.inference;

import org.jspecify.annotations.NullMarked;
