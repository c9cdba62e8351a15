/** The catalogue of models: names, aliases, limits and files. */
@NullMarked
package dev.penstock.models;

import org.jspecify.annotations.NullMarked;
