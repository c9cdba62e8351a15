/** The dispatcher's place in a worker's process: asks a server far away over HTTP. */
@NullMarked
package dev.penstock.remote;

import org.jspecify.annotations.NullMarked;
