/** The same work with nothing around it, to compare with. */
@NullMarked
package dev.penstock.bench.bare;

import org.jspecify.annotations.NullMarked;
