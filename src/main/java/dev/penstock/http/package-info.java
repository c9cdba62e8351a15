/** The HTTP face: one class per resource, errors in OpenAI's shape. */
@NullMarked
package dev.penstock.http;

import org.jspecify.annotations.NullMarked;
