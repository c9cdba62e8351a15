/**
 * Chat templates: the Jinja of models' files, in a small interpreter that reaches nothing but what
 * it is given and ends within bounds.
 */
@NullMarked
package dev.penstock.templates;

import org.jspecify.annotations.NullMarked;
