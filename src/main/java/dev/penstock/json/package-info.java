/**
 * Strict reading of JSON, and the one set of factories that everything here reads and writes with.
 */
@NullMarked
package dev.penstock.json;

import org.jspecify.annotations.NullMarked;
