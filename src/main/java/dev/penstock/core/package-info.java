/** Internal words about tasks that bus, storage and workers share; plugins see none of them. */
@NullMarked
package dev.penstock.core;

import org.jspecify.annotations.NullMarked;
