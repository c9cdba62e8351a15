/** The messages of the worker protocol, each read and written in one place by both of its ends. */
@NullMarked
package dev.penstock.protocol;

import org.jspecify.annotations.NullMarked;
