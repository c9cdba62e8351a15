/** What is measured, a part each. */
@NullMarked
package dev.penstock.bench.parts;

import org.jspecify.annotations.NullMarked;
