/** Models opened, their memory, and the batches they run. */
@NullMarked
package dev.penstock.engine;

import org.jspecify.annotations.NullMarked;
