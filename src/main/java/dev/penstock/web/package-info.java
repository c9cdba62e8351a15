/**
 * The HTTP machine: sockets, routes, bodies, replies, streams, page guard. It knows no resource.
 */
@NullMarked
package dev.penstock.web;

import org.jspecify.annotations.NullMarked;
