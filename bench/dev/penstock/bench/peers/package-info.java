/** Other programs that Penstock is measured beside. */
@NullMarked
package dev.penstock.bench.peers;

import org.jspecify.annotations.NullMarked;
