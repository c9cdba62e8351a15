/** Which batches are fastest here, measured and kept. */
@NullMarked
package dev.penstock.engine.calibrate;

import org.jspecify.annotations.NullMarked;
