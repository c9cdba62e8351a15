/** The ports to what keeps tasks, queues and keys. */
@NullMarked
package dev.penstock.storage;

import org.jspecify.annotations.NullMarked;
