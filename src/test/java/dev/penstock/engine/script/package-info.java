/** A backend of generation that has no model: it tells a given text, a word at a time. */
@NullMarked
package dev.penstock.engine.script;

import org.jspecify.annotations.NullMarked;
