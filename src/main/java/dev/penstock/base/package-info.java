/**
 * Small tools that know nothing of tasks: back-off, tickers, coalescing, sizes and times as people
 * write them.
 */
@NullMarked
package dev.penstock.base;

import org.jspecify.annotations.NullMarked;
