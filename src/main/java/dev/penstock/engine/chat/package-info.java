/**
 * How answers of models are written and read: thoughts, calls of tools, JSON that keeps to a
 * schema. No model is needed for any of it, and nothing is read or written elsewhere.
 *
 * <p>{@link dev.penstock.engine.chat.AnswerSyntax} tells from a chat template how its model writes.
 * {@link dev.penstock.engine.chat.AnswerParser} parts an answer as it comes. {@link
 * dev.penstock.engine.chat.AnswerGrammar} says what an answer may be, and {@link
 * dev.penstock.engine.chat.Grammar} holds it to that.
 */
@NullMarked
package dev.penstock.engine.chat;

import org.jspecify.annotations.NullMarked;
