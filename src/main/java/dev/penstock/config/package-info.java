/** Settings: typed, checked and read once, at the start. */
@NullMarked
package dev.penstock.config;

import org.jspecify.annotations.NullMarked;
