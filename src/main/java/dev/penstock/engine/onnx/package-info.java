/** Models that run in ONNX Runtime, in this process. */
@NullMarked
package dev.penstock.engine.onnx;

import org.jspecify.annotations.NullMarked;
