/** The resources of the HTTP API, one class each, and the requests that are held for results. */
@NullMarked
package dev.penstock.api;

import org.jspecify.annotations.NullMarked;
