/**
 * Penstock: text work in over HTTP, kept in a durable queue, run on any GPU or CPU, results out.
 */
@NullMarked
package dev.penstock;

import org.jspecify.annotations.NullMarked;
