/** Figures, tables and pictures of what was measured. */
@NullMarked
package dev.penstock.bench.report;

import org.jspecify.annotations.NullMarked;
