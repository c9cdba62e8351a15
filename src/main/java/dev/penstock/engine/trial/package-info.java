/** Models are tried in a child process before they are opened in this one. */
@NullMarked
package dev.penstock.engine.trial;

import org.jspecify.annotations.NullMarked;
