/** Commands and the only place that builds parts: a node, a worker far away, a calibration. */
@NullMarked
package dev.penstock.start;

import org.jspecify.annotations.NullMarked;
