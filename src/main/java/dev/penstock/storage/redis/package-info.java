/** Tasks and keys in Redis. */
@NullMarked
package dev.penstock.storage.redis;

import org.jspecify.annotations.NullMarked;
