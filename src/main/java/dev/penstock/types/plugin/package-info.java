/** Task types that users bring as jars. */
@NullMarked
package dev.penstock.types.plugin;

import org.jspecify.annotations.NullMarked;
