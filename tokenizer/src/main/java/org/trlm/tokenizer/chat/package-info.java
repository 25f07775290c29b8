/**
 * In: the messages of one conversation, a model's own chat template (Jinja source), the special
 * tokens and the caller's settings. Out: the prompt as text that knows which characters a user or a
 * tool wrote; and, for the way back, a model's answer split into reasoning and content.
 *
 * <p>{@link org.trlm.tokenizer.chat.ChatTemplate} is the door. Behind it: {@code Lexer} → {@code
 * Parser} → records of {@code Node} → {@code Interpreter}, with the built-ins in {@code Filters},
 * {@code Tests}, {@code Methods} and {@code Functions} over the values of {@code Values}. The
 * language is the part of Jinja2 3.1 that chat templates use, as the Python library transformers
 * sets it up; what is outside of it is refused by name and line.
 */
package org.trlm.tokenizer.chat;
