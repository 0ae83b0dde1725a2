"use strict";

const messages = document.getElementById("messages");
const form = document.getElementById("say");

function post(url, fields) {
    const body = new URLSearchParams(fields);
    body.set("_xsrf", form.elements._xsrf.value);
    return fetch(url, {method: "POST", body, headers: {"X-Requested-With": "fetch"}});
}

async function poll(since, pause) {
    try {
        const answer = await post("/updates", {since});
        if (!answer.ok) {
            throw new Error(answer.status);
        }
        messages.insertAdjacentHTML("beforeend", await answer.text());
        document.getElementById("hint")?.remove();
        poll(messages.lastElementChild.dataset.number, 500);
    } catch (error) {
        console.warn(`no answer: ${error}; again in ${pause} ms`);
        setTimeout(poll, pause, since, Math.min(2 * pause, 30000));
    }
}

form.addEventListener("submit", (event) => {
    event.preventDefault();
    post("/say", {text: form.elements.text.value}).then(() => form.reset());
});

poll(messages.lastElementChild?.dataset.number ?? 0, 500);
