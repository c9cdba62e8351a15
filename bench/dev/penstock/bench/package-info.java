/** Measures a real Penstock process: its speed, its size, and the quality of its vectors. */
@NullMarked
package dev.penstock.bench;

import org.jspecify.annotations.NullMarked;
