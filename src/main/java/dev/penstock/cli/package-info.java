/** The commands that talk to a running server: an HTTP client, and nothing of the server in it. */
@NullMarked
package dev.penstock.cli;

import org.jspecify.annotations.NullMarked;
